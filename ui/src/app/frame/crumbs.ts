/** Where the page stands: "Transfers / Stripe → Analytics". */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { jobsQuery } from "../../api/queries";

export interface Crumb {
  label: string;
  to?: string;
}

const PAGES: Record<string, string> = {
  events: "Events",
  transfers: "Transfers",
  documents: "Documents",
  activity: "Activity",
  settings: "Settings",
  welcome: "Welcome",
};

const LEAVES: Record<string, string> = {
  edit: "Edit",
  setup: "Set up",
  new: "Add sync job",
  tunnel: "Tunnel",
};

export function useCrumbs(): Crumb[] {
  const path = useLocation({ select: (location) => location.pathname });
  const { data: jobs } = useQuery(jobsQuery);
  return crumbsOf(path, (jobId) => jobs?.find((job) => job.id === jobId)?.name);
}

/** The page in one line, what it is about first: "Stripe → Analytics · Transfers · Hookline". */
export const titleOf = (crumbs: readonly Crumb[]): string =>
  [...new Set([...crumbs.map(({ label }) => label).reverse(), "Hookline"])].join(" · ");

/** The crumbs of a path; `nameOf` gives a job's name. */
export function crumbsOf(path: string, nameOf: (jobId: string) => string | undefined): Crumb[] {
  const [page = "", second, third] = path.split("/").filter(Boolean);
  const crumbs: Crumb[] = [{ label: PAGES[page] ?? "Hookline", to: `/${page}` }];
  if (second && LEAVES[second]) crumbs.push({ label: LEAVES[second] });
  else if (second) crumbs.push({ label: nameOf(second) ?? second, to: `/transfers/${second}` });
  if (third) crumbs.push({ label: LEAVES[third] ?? (page === "events" ? `Event ${third}` : third) });
  return crumbs;
}
