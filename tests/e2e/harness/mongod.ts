/**
 * One MongoDB server for all files: the one at `HOOKLINE_TEST_MONGODB_URI`, else `mongod` on the `PATH`, else the one that
 * `cargo xtask setup` put into `.tools/`.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { freePort, Program } from "./process";

declare module "vitest" {
  interface ProvidedContext {
    /** `mongodb://…`, without a database. */
    mongodbUri: string;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.HOOKLINE_TEST_MONGODB_URI;
  if (given) {
    project.provide("mongodbUri", given.replace(/\/+$/, ""));
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), "hookline-mongod-"));
  const port = await freePort();
  const server = new Program("mongod", find(), [
    ...["--bind_ip", "127.0.0.1", "--port", `${port}`, "--nounixsocket"],
    ...["--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"],
    ...["--dbpath", folder, "--logpath", join(folder, "log")],
  ]);
  await listening(port);
  project.provide("mongodbUri", `mongodb://127.0.0.1:${port}`);
  return async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  };
}

function find(): string {
  const places = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "mongod"));
  places.push(resolve(import.meta.dirname, "../../../.tools/mongod/bin/mongod"));
  const found = places.find((place) => existsSync(place));
  if (!found)
    throw new Error(
      "these tests need a MongoDB server: run `cargo xtask setup`, or set HOOKLINE_TEST_MONGODB_URI",
    );
  return found;
}

/** Resolves when connections are taken, which MongoDB does once it can answer. */
async function listening(port: number): Promise<void> {
  const end = Date.now() + 90_000;
  for (;;) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (taken) return;
    if (Date.now() > end) throw new Error(`mongod does not listen on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
