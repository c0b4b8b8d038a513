/** A server of one's own that webhooks are forwarded to, and that can fail. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { freePort } from "./process";

export class Endpoint {
  readonly port: number;
  /** What it answers. */
  status = 200;
  body = '{"ok":true}';
  /** Bodies that it was sent. */
  readonly received: string[] = [];
  #server: Server | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async make(): Promise<Endpoint> {
    return new Endpoint(await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/webhooks`;
  }

  async start(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      this.received.push(await textOf(request));
      response.writeHead(this.status, { "content-type": "application/json" }).end(this.body);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.port, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
