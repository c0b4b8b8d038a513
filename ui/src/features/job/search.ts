/** What is shown of a job, as it stands in the address. */
import { CHART_RANGES, type ChartRange } from "../../shared/charts/ranges";
import { withoutEmpty } from "../../shared/withoutEmpty";

export const JOB_TABS = ["overview", "executions", "setup", "settings"] as const;
export type JobTab = (typeof JOB_TABS)[number];

export interface JobSearch {
  /** The overview unless named. */
  tab?: Exclude<JobTab, "overview">;
  /** How far back the charts look; a day unless named. */
  range?: Exclude<ChartRange, "24h">;
  /** *Why is nothing arriving?* is open. */
  why?: true;
}

/** Reads an address; what cannot be read is left out. */
export function parseJobSearch(search: Record<string, unknown>): JobSearch {
  const tab = JOB_TABS.find((entry) => entry === search.tab);
  const range = CHART_RANGES.find((entry) => entry === search.range);
  return withoutEmpty<JobSearch>({
    tab: tab === "overview" ? undefined : tab,
    range: range === "24h" ? undefined : range,
    why: search.why === true ? true : undefined,
  });
}
