// Where commands wait until they are acked: IndexedDB, or memory where the browser or the shopper refuses storage.
// Knows nothing about sending.

export type Entry = {
  client_id: string; command: "send_message" | "request_agent" | "accept_offer" | "rate"; body: object; at: string;
  /** Set when the server said no for good. */
  failed?: string;
};
export type Store = { readonly saved: boolean; all(): Promise<Entry[]>; put(entry: Entry): Promise<void>; drop(clientId: string): Promise<void>; clear(): Promise<void> };

export function memoryStore(): Store {
  const entries = new Map<string, Entry>();
  return {
    saved: false,
    all: async () => [...entries.values()],
    put: async (entry) => void entries.set(entry.client_id, entry),
    drop: async (id) => void entries.delete(id),
    clear: async () => entries.clear(),
  };
}

const done = <T>(request: IDBRequest<T> | IDBOpenDBRequest): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });

/** Entries come back in the order of their ids, which is the order of their making. Rejects when the browser refuses. */
export async function openStore(name: string): Promise<Store> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("outbox", { keyPath: "client_id" });
  const database = await done<IDBDatabase>(opening);
  /** Resolves when the transaction is on disk, not when the request is done. */
  const run = <T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      const transaction = database.transaction("outbox", mode, { durability: "strict" });
      const request = use(transaction.objectStore("outbox"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  return {
    saved: true,
    all: () => run<Entry[]>("readonly", (s) => s.getAll()),
    put: (entry) => run("readwrite", (s) => s.put(entry)) as Promise<never>,
    drop: (id) => run("readwrite", (s) => s.delete(id)) as Promise<never>,
    clear: () => run("readwrite", (s) => s.clear()) as Promise<never>,
  };
}
