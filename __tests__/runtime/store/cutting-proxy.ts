import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What a proxy does with a connection on which a text passes: cuts it before the server gets it, or after the server has, with the answer lost. */
export interface Cut {
  readonly text: string;
  readonly side: "before" | "after";
}

/** A way to a server of this machine on which connections can be cut at a moment of one's choice. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut: Cut | undefined;
  /** How many connections were cut. */
  cuts = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => this.#join(client, connect(target, "127.0.0.1")));
  }

  static async start(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts the next connection that says this, once. */
  cutAt(cut: Cut): void {
    this.#cut = cut;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    const both = [client, server];
    let isCut = false;
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const other of both) if (!isCut || other !== server) other.destroy();
      });
    }
    client.on("data", (data: Buffer) => {
      const cut = this.#cut && data.includes(this.#cut.text) ? this.#cut : undefined;
      if (cut) {
        this.#cut = undefined;
        this.cuts += 1;
        isCut = true;
      }
      if (cut?.side !== "before") server.write(data);
      if (!cut) return;
      // The server has its answer ready before the client hears that it is cut off.
      if (cut.side === "before") both.forEach((socket) => socket.destroy());
      else server.once("data", () => both.forEach((socket) => socket.destroy()));
    });
    server.on("data", (data: Buffer) => {
      if (!isCut) client.write(data);
    });
  }
}
