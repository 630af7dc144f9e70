// The types of engine.mjs.
export type Call = { method: string; url: string; headers: Record<string, string | undefined>; body: Record<string, unknown> | null; at: number };
export type Answer = [status: number, answer: object | string];
export type Engine = {
  script: {
    upgrades: boolean;
    greet: (auth: object) => object | null;
    command: (name: string, body: object) => object | null;
    http: (call: Call) => Answer | Promise<Answer>;
  };
  calls: Call[];
  /** When a WebSocket was asked for. */
  dials: number[];
  url: string;
  tell(name: string, body: object): void;
  cut(): void;
  end(): void;
};
export function engine(): Promise<Engine>;
/** For a Node that has none of its own. */
export const SomeWebSocket: typeof WebSocket;
