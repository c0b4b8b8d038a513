import { api, call } from "../api/client";

/** Version, system, sizes, states and the end of the log, for a report of a problem. */
export const readDiagnostics = (): Promise<string> =>
  call(api.GET("/api/diagnostics")).then((answer) => answer.text);
