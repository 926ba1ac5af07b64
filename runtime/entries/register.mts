export * from "./register.js";
