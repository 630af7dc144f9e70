// Long polling for the library, where no WebSocket opens and the server is one process. The shopper's app fetches it in
// its fallback chunk; knows nothing else.

import { Fetch } from "engine.io-client";

export const addPolling = (known: object): void => void Object.assign(known, { polling: Fetch });
