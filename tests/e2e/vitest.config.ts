import { defineConfig } from "vitest/config";

/** Long, because the machine may be busy: a test that waits for something that is there goes on at once. */
const PATIENCE_MS = 60_000;

export default defineConfig({
  test: {
    include: ["flows/**/*.test.ts"],
    globalSetup: ["harness/mongod.ts"],
    setupFiles: ["harness/failures.ts"],
    testTimeout: PATIENCE_MS * 2,
    hookTimeout: PATIENCE_MS * 2,
    expect: { poll: { timeout: 20_000, interval: 50 } },
    // Each file starts a Hookline and a browser: one after the other they are as fast on two cores, and steadier.
    fileParallelism: false,
  },
});
