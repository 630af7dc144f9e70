// Ukrainian as one chunk of its own, loaded when the agent's browser asks for it.
import messages from "./uk.json";
export default messages;
