// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"argosy.dev/argosy/hack/cluster/internal/config"
)

// ensureS3 makes sure of the S3 server if it is wanted or was started before.
// Buckets are directories of .local/s3.
func (c *Cluster) ensureS3(ctx context.Context, wanted bool) error {
	path := c.layout.Path("s3.env")
	data, err := os.ReadFile(path)
	if err != nil && !wanted {
		return nil
	}
	if _, err := os.Stat(c.layout.Bin("s3")); err != nil {
		return errors.New("the S3 server is not built: run hack/cluster/build.sh s3")
	}
	secret := s3Secret(string(data))
	if secret == "" {
		random := make([]byte, tokenBytes)
		if _, err := rand.Read(random); err != nil {
			return fmt.Errorf("making S3 credentials: %w", err)
		}
		secret = hex.EncodeToString(random)
	}
	endpoint := "http://" + config.NodeIP + ":" + config.S3Port
	content := fmt.Sprintf("AWS_ENDPOINT_URL_S3=%s\nAWS_REGION=%s\nAWS_ACCESS_KEY_ID=argosy\n%s%s\n", endpoint, config.S3Region, s3SecretKey, secret)
	if err := writeIfChanged(path, []byte(content), 0o600); err != nil {
		return err
	}
	env := []string{"ROOT_ACCESS_KEY=argosy", "ROOT_SECRET_KEY=" + secret}
	return c.ensure(ctx, config.S3, c.layout.Command(config.S3), env, listens(config.NodeIP+":"+config.S3Port), startTimeout)
}

const s3SecretKey = "AWS_SECRET_ACCESS_KEY="

// s3Secret takes the secret out of a former s3.env, so that it stays the same.
func s3Secret(env string) string {
	for _, line := range strings.Split(env, "\n") {
		if secret, ok := strings.CutPrefix(line, s3SecretKey); ok && len(secret) == 2*tokenBytes {
			return secret
		}
	}
	return ""
}
