import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The control API that `npm run dev` talks to. */
const engine = process.env.HOOKLINE_API ?? "http://127.0.0.1:4401";

export default defineConfig({
  plugins: [react()],
  publicDir: "public",
  build: {
    target: ["es2022", "safari16"],
    sourcemap: false,
    // The server is on this machine: one request more or less does not matter.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    // `npm run dev` beside `hookline serve`. The engine answers pages of its own origin only.
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: { "/api": { target: engine, changeOrigin: true, headers: { origin: engine } } },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
