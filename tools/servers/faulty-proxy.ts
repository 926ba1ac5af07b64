import { createServer, connect, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** What a proxy does to the connections that it is told to harm. */
export interface Faults {
  /** Stops passing on what the client sends after so many bytes; the connection stays open. */
  stallUpAfter?: number;
  /** Cuts the connection after it passed on so many bytes of the server's. */
  cutDownAfter?: number;
  /** Cuts the connection when the client sends this text, e.g. a part of a path. */
  cutWhenSent?: string;
  /** So many connections are harmed, those that come next. @defaultValue all */
  times?: number;
}

/** A proxy between a client and a real server, on a free port: for what happens to bytes on their way. */
export class FaultyProxy {
  faults: Faults = {};
  readonly #server = createServer((client) => this.#serve(client));
  readonly #sockets = new Set<Socket>();
  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async before(endpoint: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(Number(new URL(endpoint).port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket): void {
    const { stallUpAfter, cutDownAfter, cutWhenSent } = this.#take();
    const server = connect(this.#port, "127.0.0.1");
    this.#sockets.add(client);
    let [up, down] = [0, 0];
    client.on("data", (bytes) => {
      if (cutWhenSent !== undefined && bytes.includes(cutWhenSent)) return void client.resetAndDestroy();
      up += bytes.length;
      if (stallUpAfter === undefined || up <= stallUpAfter) server.write(bytes);
    });
    server.on("data", (bytes) => {
      down += bytes.length;
      if (cutDownAfter !== undefined && down > cutDownAfter) return void client.resetAndDestroy();
      if (!client.write(bytes)) server.pause();
    });
    client.on("drain", () => server.resume());
    const end = (): void => {
      this.#sockets.delete(client);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on("error", end).on("close", end);
  }

  #take(): Faults {
    const { times = Number.POSITIVE_INFINITY, ...faults } = this.faults;
    if (times <= 0) return {};
    this.faults = { ...faults, times: times - 1 };
    return faults;
  }
}
