// Where commands wait until they are acked: IndexedDB, or memory where (or from when) the browser or the shopper refuses
// storage. Knows nothing about sending.

export type Entry = {
  client_id: string; command: "send_message" | "request_agent" | "accept_offer" | "undo_offer" | "rate"; body: object; at: string;
  /** Set when the server said no for good. */
  failed?: string;
};
/** `saved`: what it holds outlives the page. */
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

/**
 * Entries come back in the order of their ids, which is the order of their making. Rejects when the browser refuses; what
 * it refuses later (a full disk) is kept in memory, and `saved` says so.
 */
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
  const spare = memoryStore();
  let saved = true;
  let last: Entry[] = [];
  const refused = () => void (saved = false);
  return {
    get saved() {
      return saved;
    },
    async all() {
      last = await run<Entry[]>("readonly", (s) => s.getAll()).catch(async () => {
        refused();
        for (const entry of last) await spare.put(entry);
        return [];
      });
      return [...new Map([...last, ...(await spare.all())].map((entry) => [entry.client_id, entry])).values()];
    },
    put: (entry) => run("readwrite", (s) => s.put(entry)).then(() => spare.drop(entry.client_id), () => (refused(), spare.put(entry))),
    async drop(id) {
      await spare.drop(id);
      await run("readwrite", (s) => s.delete(id)).catch(refused);
    },
    async clear() {
      await spare.clear();
      await run("readwrite", (s) => s.clear()).catch(refused);
    },
  };
}
