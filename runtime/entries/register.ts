import { registerTypeScript } from "../load/register.js";

registerTypeScript();

export { registerTypeScript } from "../load/register.js";
