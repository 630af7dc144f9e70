// Russian as one chunk of its own, loaded when the agent's browser asks for it.
import messages from "./ru.json";
export default messages;
