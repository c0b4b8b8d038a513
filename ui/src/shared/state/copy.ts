import { platform } from "../../platform";
import { toastError, toastSuccess } from "./toasts";

/** Copies a text, or what a function gives, and says so; true when it is on the clipboard. */
export async function copy(
  text: string | (() => string | Promise<string>),
  what: string,
  options: { quiet?: boolean } = {},
): Promise<boolean> {
  try {
    await platform().copyText(typeof text === "string" ? text : await text());
    if (!options.quiet) toastSuccess(`Copied ${what}`);
    return true;
  } catch (error) {
    toastError(`The ${what} could not be copied`, error);
    return false;
  }
}
