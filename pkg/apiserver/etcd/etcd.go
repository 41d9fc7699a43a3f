// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package etcd runs the etcd member that lives inside the server process when
// no external etcd is named. It knows about etcd only: what is stored, and how,
// is decided by package storage.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// DefaultQuotaBackendBytes is how large the database may grow before etcd
	// refuses writes: etcd's own recommended maximum.
	DefaultQuotaBackendBytes = 8 << 30

	// MaxRequestBytes is the largest write that the member accepts. The etcd
	// client caps a message at 2 MiB, so the server must never be the tighter
	// of the two.
	MaxRequestBytes = 4 << 20

	// defragThresholdMegabytes is how much free space at start is worth the
	// pause of a defragmentation.
	defragThresholdMegabytes = 256

	// maxSocketPath is the longest path that sun_path holds on Linux, with its
	// terminating zero.
	maxSocketPath = 107

	socketName = "etcd.sock"
	memberName = "argosy"
)

// Config says where and how the embedded member runs.
type Config struct {
	// Dir holds the database and the socket. It is created if absent and must
	// belong to this process alone.
	Dir string
	// QuotaBackendBytes bounds the database; 0 means DefaultQuotaBackendBytes.
	QuotaBackendBytes int64
	// StartTimeout bounds the wait for the member to elect itself; 0 means one minute.
	StartTimeout time.Duration
	// UnsafeNoFsync gives up durability for speed. For tests only: no flag sets it.
	UnsafeNoFsync bool
}

// Server is a running embedded member.
type Server struct {
	etcd   *embed.Etcd
	socket string
	level  zap.AtomicLevel
}

// Start runs the member and returns once it can serve. The caller must Close it,
// after everything that uses it has ended.
func Start(ctx context.Context, c Config) (*Server, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolving the data directory %q: %w", c.Dir, err)
	}
	socket := filepath.Join(dir, socketName)
	if len(socket) > maxSocketPath {
		return nil, fmt.Errorf("data directory %q is too long: the path of the etcd socket in it must not exceed %d bytes", dir, maxSocketPath)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data directory: %w", err)
	}
	if err := ensureUnlocked(filepath.Join(dir, "member", "snap", "db")); err != nil {
		return nil, err
	}
	// A killed process leaves its socket behind, and binding to it would fail.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing a stale etcd socket: %w", err)
	}

	level := zap.NewAtomicLevelAt(zap.ErrorLevel)
	cfg := memberConfig(c, dir, socket)
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger(level))
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, fmt.Errorf("starting etcd in %s: %w", dir, err)
	}
	timeout := c.StartTimeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case <-e.Server.ReadyNotify():
	case err := <-e.Err():
		e.Close()
		return nil, fmt.Errorf("starting etcd in %s: %w", dir, err)
	case <-ctx.Done():
		e.Close()
		return nil, fmt.Errorf("waiting for etcd in %s: %w", dir, ctx.Err())
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		e.Close()
		return nil, fmt.Errorf("restricting the etcd socket: %w", err)
	}
	return &Server{etcd: e, socket: socket, level: level}, nil
}

// Endpoint is the URL that etcd clients dial.
func (s *Server) Endpoint() string { return "unix://" + s.socket }

// Err reports the failure that ended the member, if it ends by itself.
func (s *Server) Err() <-chan error { return s.etcd.Err() }

// Close stops the member, waits until it has, and removes its socket.
func (s *Server) Close() {
	// Closing, etcd reports each of its listeners as failed.
	s.level.SetLevel(zap.FatalLevel)
	s.etcd.Close()
}

func memberConfig(c Config, dir, socket string) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = memberName
	cfg.Dir = dir

	// One member has no peers, so nothing listens for them: a unix socket in a
	// directory of mode 0700 is the only way in.
	client := url.URL{Scheme: "unix", Path: socket}
	cfg.ListenClientUrls = []url.URL{client}
	cfg.AdvertiseClientUrls = []url.URL{client}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(dir, "peer.sock")}
	cfg.ListenPeerUrls = nil
	cfg.AdvertisePeerUrls = []url.URL{peer}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)

	cfg.QuotaBackendBytes = c.QuotaBackendBytes
	if cfg.QuotaBackendBytes == 0 {
		cfg.QuotaBackendBytes = DefaultQuotaBackendBytes
	}
	cfg.MaxRequestBytes = MaxRequestBytes
	cfg.BootstrapDefragThresholdMegabytes = defragThresholdMegabytes
	// The watch cache learns from progress notifications how fresh it is; the
	// default of ten minutes would make consistent reads from it wait.
	cfg.WatchProgressNotifyInterval = 5 * time.Second
	// Alone in the cluster, a member need not wait out an election timeout.
	cfg.TickMs = 20
	cfg.ElectionMs = 100
	cfg.PreVote = false
	// The API server compacts (--etcd-compaction-interval), etcd must not.
	cfg.AutoCompactionRetention = "0"
	cfg.EnableGRPCGateway = false
	cfg.UnsafeNoFsync = c.UnsafeNoFsync
	return cfg
}

// logger writes etcd's errors to stderr, where ours go.
func logger(level zap.AtomicLevel) *zap.Logger {
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.ISO8601TimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(enc), zapcore.Lock(os.Stderr), level)).Named("etcd")
}

// ensureUnlocked fails at once if another process holds the database: etcd
// itself would wait for it for ever, silently.
func ensureUnlocked(db string) error {
	f, err := os.OpenFile(db, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening the etcd database: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("the data directory %s is in use by another process", filepath.Dir(filepath.Dir(filepath.Dir(db))))
		}
		return fmt.Errorf("locking the etcd database: %w", err)
	}
	return nil
}
