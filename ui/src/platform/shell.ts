// Made from src-tauri/shell by `cargo xtask types`. Not to be changed by hand.
import type { Change } from "./types";

/**
 * What the page is told.
 */
export type Message = { "kind": "changes", 
/**
 * Coalesced by the engine: at most five lists a second, however many webhooks come in.
 */
changes: Change[], } | { "kind": "engine", 
/**
 * Its state now.
 */
state: EngineState, } | { "kind": "command", 
/**
 * What.
 */
command: PageCommand, };

/**
 * Something that the page is to do.
 */
export type PageCommand = { "kind": "navigate", 
/**
 * A path of the page, such as `/events`.
 */
path: string, } | { "kind": "action", 
/**
 * What.
 */
id: Action, };

/**
 * An action of the page.
 */
export type Action = "newJob" | "palette" | "settings" | "about" | "copyDiagnostics";

/**
 * How the engine's start goes.
 */
export type EngineState = { "state": "starting" } | { "state": "running" } | { "state": "failed" } & Failure;

/**
 * Why the engine could not start, and what the user can do.
 */
export type Failure = { 
/**
 * What is wrong.
 */
message: string, 
/**
 * What to do about it.
 */
hint?: string, };

/**
 * An answer of the control API.
 */
export type Answer = { 
/**
 * The HTTP status.
 */
status: number, 
/**
 * The body's type, where there is a body.
 */
contentType: string | null, 
/**
 * The body, as it would have come over HTTP.
 */
body: string | null, };
