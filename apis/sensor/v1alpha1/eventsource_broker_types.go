// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// AMQPEventSource takes messages of a queue that is bound to an exchange of an AMQP 0.9.1 broker.
type AMQPEventSource struct {
	EventOptions `json:""`
	// url is the address of the broker. Either it or urlSecret is given.
	// +optional
	URL string `json:"url,omitempty"`
	// urlSecret is the key of a secret with the address of the broker.
	// +optional
	URLSecret *corev1.SecretKeySelector `json:"urlSecret,omitempty"`
	// exchangeName is the name of the exchange. Empty is the default exchange.
	// +optional
	ExchangeName *string `json:"exchangeName,omitempty"`
	// exchangeType is the type of the exchange: direct, fanout, topic, headers or x-delayed-message.
	ExchangeType string `json:"exchangeType"`
	// routingKey is the routing key by which the queue is bound.
	RoutingKey string `json:"routingKey"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// exchangeDeclare says how the exchange is declared. Default: durable.
	// +optional
	ExchangeDeclare *AMQPExchangeDeclareConfig `json:"exchangeDeclare,omitempty"`
	// queueDeclare says how the queue is declared. Default: one without a name, that is exclusive.
	// +optional
	QueueDeclare *AMQPQueueDeclareConfig `json:"queueDeclare,omitempty"`
	// queueBind says how the queue is bound.
	// +optional
	QueueBind *AMQPQueueBindConfig `json:"queueBind,omitempty"`
	// consume says how messages are taken from the queue.
	// +optional
	Consume *AMQPConsumeConfig `json:"consume,omitempty"`
	// auth is the user name and password.
	// +optional
	Auth *BasicAuth `json:"auth,omitempty"`
}

// AMQPExchangeDeclareConfig says how an exchange is declared.
type AMQPExchangeDeclareConfig struct {
	// durable keeps the exchange when the broker starts again. Default: true, if nothing is said about the exchange.
	// +optional
	Durable *bool `json:"durable,omitempty"`
	// autoDelete deletes the exchange when no queue is bound to it any longer. Default: false.
	// +optional
	AutoDelete *bool `json:"autoDelete,omitempty"`
	// internal keeps publishers off the exchange. Default: false.
	// +optional
	Internal *bool `json:"internal,omitempty"`
	// noWait does not wait for the broker's answer. Default: false.
	// +optional
	NoWait *bool `json:"noWait,omitempty"`
}

// AMQPQueueDeclareConfig says how a queue is declared.
type AMQPQueueDeclareConfig struct {
	// name is the name of the queue. Default: one that the broker makes up.
	// +optional
	Name string `json:"name,omitempty"`
	// durable keeps the queue when the broker starts again. Default: false.
	// +optional
	Durable *bool `json:"durable,omitempty"`
	// autoDelete deletes the queue when nobody consumes from it any longer. Default: false.
	// +optional
	AutoDelete *bool `json:"autoDelete,omitempty"`
	// exclusive keeps others off the queue, and deletes it when the connection ends. Default: true, if nothing is
	// said about the queue.
	// +optional
	Exclusive *bool `json:"exclusive,omitempty"`
	// noWait does not wait for the broker's answer. Default: false.
	// +optional
	NoWait *bool `json:"noWait,omitempty"`
	// arguments are further arguments of the declaration, as YAML, such as "x-queue-type: quorum".
	// +optional
	Arguments string `json:"arguments,omitempty"`
}

// AMQPQueueBindConfig says how a queue is bound to an exchange.
type AMQPQueueBindConfig struct {
	// noWait does not wait for the broker's answer. Default: false.
	// +optional
	NoWait *bool `json:"noWait,omitempty"`
}

// AMQPConsumeConfig says how messages are taken from a queue.
type AMQPConsumeConfig struct {
	// consumerTag is the name of the consumer. Default: one that is made up.
	// +optional
	ConsumerTag string `json:"consumerTag,omitempty"`
	// autoAck counts messages as taken once they are sent, not once they are on the bus. Default: true, if nothing is
	// said about consuming.
	// +optional
	AutoAck *bool `json:"autoAck,omitempty"`
	// exclusive keeps other consumers off the queue. Default: false.
	// +optional
	Exclusive *bool `json:"exclusive,omitempty"`
	// noLocal has no meaning to RabbitMQ. Default: false.
	// +optional
	NoLocal *bool `json:"noLocal,omitempty"`
	// noWait does not wait for the broker's answer. Default: false.
	// +optional
	NoWait *bool `json:"noWait,omitempty"`
}

// EmitterEventSource takes messages of a channel of Emitter.
type EmitterEventSource struct {
	EventOptions `json:""`
	// broker is the address of the broker.
	Broker string `json:"broker"`
	// channelKey is the key of the channel.
	ChannelKey string `json:"channelKey"`
	// channelName is the name of the channel.
	ChannelName string `json:"channelName"`
	// username is the key of a secret with the user name.
	// +optional
	Username *corev1.SecretKeySelector `json:"username,omitempty"`
	// password is the key of a secret with the password.
	// +optional
	Password *corev1.SecretKeySelector `json:"password,omitempty"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
}

// KafkaEventSource takes messages of a topic of Kafka, of one partition or as a member of a consumer group.
type KafkaEventSource struct {
	EventOptions `json:""`
	// url are the addresses of brokers, separated by commas.
	URL string `json:"url"`
	// topic is the topic.
	Topic string `json:"topic"`
	// partition is the number of the partition. Either it or consumerGroup is given.
	// +optional
	Partition string `json:"partition,omitempty"`
	// consumerGroup is the consumer group, which shares the partitions out.
	// +optional
	ConsumerGroup *KafkaConsumerGroup `json:"consumerGroup,omitempty"`
	// version is the version of the brokers. Default: 1.0.0.
	// +optional
	Version string `json:"version,omitempty"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// sasl says how the client proves who it is.
	// +optional
	SASL *SASLConfig `json:"sasl,omitempty"`
	// awsMskIamAuth proves to Amazon MSK by IAM who the client is, instead of sasl.
	// +optional
	AWSMSKIAMAuth *AWSMSKIAMConfig `json:"awsMskIamAuth,omitempty"`
	// limitEventsPerSecond is how many messages are taken in a second at most. Default: no limit.
	// +optional
	LimitEventsPerSecond *int64 `json:"limitEventsPerSecond,omitempty"`
	// config is further configuration of the client, as YAML: the fields consumer, net, producer, admin and metadata
	// of the Go client Sarama.
	// +optional
	Config string `json:"config,omitempty"`
	// schemaRegistry is where the schemas of Avro messages are. They become JSON.
	// +optional
	SchemaRegistry *SchemaRegistryConfig `json:"schemaRegistry,omitempty"`
}

// AWSMSKIAMConfig proves to Amazon MSK by IAM who a client is.
type AWSMSKIAMConfig struct {
	// region is the AWS region of the cluster.
	Region string `json:"region"`
}

// MQTTEventSource takes messages of a topic of MQTT.
type MQTTEventSource struct {
	EventOptions `json:""`
	// url is the address of the broker, such as tcp://mosquitto:1883.
	URL string `json:"url"`
	// topic is the topic, which may have wildcards.
	Topic string `json:"topic"`
	// clientId is the name of the client, which no other client of the broker may have.
	ClientID string `json:"clientId"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// auth is the user name and password.
	// +optional
	Auth *BasicAuth `json:"auth,omitempty"`
}

// NATSEventsSource takes messages of a subject of NATS.
type NATSEventsSource struct {
	EventOptions `json:""`
	// url is the address of the servers, such as nats://nats:4222.
	URL string `json:"url"`
	// subject is the subject, which may have wildcards.
	Subject string `json:"subject"`
	// queue is the queue group, each of whose members gets another message. Default: none, so that each gets all.
	// +optional
	Queue string `json:"queue,omitempty"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// auth says how the client proves who it is.
	// +optional
	Auth *NATSAuth `json:"auth,omitempty"`
}

// NSQEventSource takes messages of a channel of a topic of NSQ.
type NSQEventSource struct {
	EventOptions `json:""`
	// hostAddress is the address of the nsqlookupd.
	HostAddress string `json:"hostAddress"`
	// topic is the topic.
	Topic string `json:"topic"`
	// channel is the channel.
	Channel string `json:"channel"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
}

// PulsarEventSource takes messages of topics of Pulsar.
type PulsarEventSource struct {
	EventOptions `json:""`
	// url is the address of the servers, such as pulsar://pulsar:6650.
	URL string `json:"url"`
	// topics are the topics.
	// +optional
	// +listType=atomic
	Topics []string `json:"topics,omitzero"`
	// type is how the topics are shared with others: exclusive or shared. Default: exclusive.
	// +optional
	Type string `json:"type,omitempty"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// tlsTrustCertsSecret is the key of a secret with the certificates, in PEM, that the server's certificate must
	// come from.
	// +optional
	TLSTrustCertsSecret *corev1.SecretKeySelector `json:"tlsTrustCertsSecret,omitempty"`
	// tlsAllowInsecureConnection takes any certificate of the server. Default: false.
	// +optional
	TLSAllowInsecureConnection *bool `json:"tlsAllowInsecureConnection,omitempty"`
	// tlsValidateHostname checks that the server's certificate is for its name. Default: false.
	// +optional
	TLSValidateHostname *bool `json:"tlsValidateHostname,omitempty"`
	// authTokenSecret is the key of a secret with a token.
	// +optional
	AuthTokenSecret *corev1.SecretKeySelector `json:"authTokenSecret,omitempty"`
	// authAthenzParams are the parameters of Athenz, by which the client proves who it is.
	// +optional
	AuthAthenzParams map[string]string `json:"authAthenzParams,omitzero"`
	// authAthenzSecret is the key of a secret with the private key for Athenz.
	// +optional
	AuthAthenzSecret *corev1.SecretKeySelector `json:"authAthenzSecret,omitempty"`
}

// RedisEventSource takes messages of channels of Redis.
type RedisEventSource struct {
	EventOptions `json:""`
	// hostAddress is the host and port of the server.
	HostAddress string `json:"hostAddress"`
	// channels are the channels.
	// +optional
	// +listType=atomic
	Channels []string `json:"channels,omitzero"`
	// db is the number of the database. Default: 0.
	// +optional
	DB *int32 `json:"db,omitempty"`
	// username is the user name. Default: the user that is called default.
	// +optional
	Username string `json:"username,omitempty"`
	// password is the key of a secret with the password.
	// +optional
	Password *corev1.SecretKeySelector `json:"password,omitempty"`
	// namespace is the namespace of the secret.
	//
	// It is deprecated: secrets are read in the namespace of the event source.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
}

// RedisStreamEventSource takes entries of streams of Redis.
type RedisStreamEventSource struct {
	EventOptions `json:""`
	// hostAddress is the host and port of the server.
	HostAddress string `json:"hostAddress"`
	// streams are the streams.
	// +optional
	// +listType=atomic
	Streams []string `json:"streams,omitzero"`
	// consumerGroup is the consumer group, which is created if need be. Default: argo-events-cg.
	// +optional
	ConsumerGroup string `json:"consumerGroup,omitempty"`
	// maxMsgCountPerRead is how many entries are read at once at most. Default: 10.
	// +optional
	MaxMsgCountPerRead *int32 `json:"maxMsgCountPerRead,omitempty"`
	// db is the number of the database. Default: 0.
	// +optional
	DB *int32 `json:"db,omitempty"`
	// username is the user name. Default: the user that is called default.
	// +optional
	Username string `json:"username,omitempty"`
	// password is the key of a secret with the password.
	// +optional
	Password *corev1.SecretKeySelector `json:"password,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
}
