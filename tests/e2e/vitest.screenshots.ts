import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["screenshots/*.shots.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000, interval: 50 } },
    fileParallelism: false,
  },
});
