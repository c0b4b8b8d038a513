/** Which executions are looked at, as it stands in the address. */
import { withoutEmpty } from "../../shared/withoutEmpty";

export interface ActivitySearch {
  /** A job's id. */
  job?: string;
  /** Only executions in which something failed. */
  failed?: true;
}

/** Reads an address; what cannot be read is left out. */
export function parseActivitySearch(search: Record<string, unknown>): ActivitySearch {
  const job = search.job;
  return withoutEmpty<ActivitySearch>({
    job: typeof job === "string" && job !== "" ? job : typeof job === "number" ? String(job) : undefined,
    failed: search.failed === true ? true : undefined,
  });
}
