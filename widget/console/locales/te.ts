// Telugu as one chunk of its own, loaded when the agent's browser asks for it.
import messages from "./te.json";
export default messages;
