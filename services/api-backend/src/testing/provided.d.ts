// Types of vitest's inject('redisUrl' | 'databaseUrl' | 'livekit').
import '@eloquence/testkit/integration-setup';
