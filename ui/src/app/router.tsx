/** The pages and their addresses. Pages are loaded when they are first opened. */

import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { jobsQuery } from "../api/queries";
import { parseActivitySearch } from "../features/activity/search";
import { parseDocumentSearch } from "../features/documents/search";
import { parseEventSearch } from "../features/events/search";
import { parseJobSearch } from "../features/job/search";
import { Failed, LoadingRows } from "../shared/ui/States";
import { Frame } from "./frame/Frame";
import { NotFound } from "./NotFound";

export function createAppRouter(client: QueryClient) {
  const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });
  const route = <Path extends string>(path: Path) => ({ getParentRoute: () => root, path });

  const start = createRoute({
    ...route("/"),
    beforeLoad: async () => {
      // Whether there is a job decides what a person wants to see first. When that cannot be read, the list says why.
      const jobs = await client.ensureQueryData(jobsQuery).catch(() => undefined);
      throw redirect({ to: jobs?.length === 0 ? "/welcome" : "/events", replace: true });
    },
  });
  const welcome = createRoute({
    ...route("/welcome"),
    component: lazyRouteComponent(() => import("../features/welcome/WelcomePage"), "WelcomePage"),
  });
  const events = createRoute({
    ...route("/events"),
    validateSearch: parseEventSearch,
    component: lazyRouteComponent(() => import("../features/events/EventsPage"), "EventsPage"),
  });
  const event = createRoute({
    ...route("/events/$jobId/$eventId"),
    component: lazyRouteComponent(() => import("../features/event/EventPage"), "EventPage"),
  });
  const transfers = createRoute({
    ...route("/transfers"),
    component: lazyRouteComponent(() => import("../features/transfers/TransfersPage"), "TransfersPage"),
  });
  const newJob = createRoute({
    ...route("/transfers/new"),
    validateSearch: (search: Record<string, unknown>): { provider?: string } =>
      typeof search.provider === "string" ? { provider: search.provider } : {},
    component: lazyRouteComponent(() => import("../features/job-form/NewJobPage"), "NewJobPage"),
  });
  const job = createRoute({
    ...route("/transfers/$jobId"),
    validateSearch: parseJobSearch,
    component: lazyRouteComponent(() => import("../features/job/JobPage"), "JobPage"),
  });
  const editJob = createRoute({
    ...route("/transfers/$jobId/edit"),
    component: lazyRouteComponent(() => import("../features/job-form/EditJobPage"), "EditJobPage"),
  });
  const setup = createRoute({
    ...route("/transfers/$jobId/setup"),
    component: lazyRouteComponent(() => import("../features/setup/SetupPage"), "SetupPage"),
  });
  const documents = createRoute({
    ...route("/documents"),
    validateSearch: parseDocumentSearch,
    component: lazyRouteComponent(() => import("../features/documents/DocumentsPage"), "DocumentsPage"),
  });
  const activity = createRoute({
    ...route("/activity"),
    validateSearch: parseActivitySearch,
    component: lazyRouteComponent(() => import("../features/activity/ActivityPage"), "ActivityPage"),
  });
  const settings = createRoute({
    ...route("/settings"),
    component: lazyRouteComponent(() => import("../features/settings/SettingsPage"), "SettingsPage"),
  });

  const tunnel = createRoute({
    ...route("/settings/tunnel"),
    component: lazyRouteComponent(() => import("../features/settings/tunnel/TunnelPage"), "TunnelPage"),
  });

  return createRouter({
    routeTree: root.addChildren([
      start,
      welcome,
      events,
      event,
      transfers,
      newJob,
      job,
      editJob,
      setup,
      documents,
      activity,
      settings,
      tunnel,
    ]),
    defaultPendingComponent: LoadingRows,
    defaultPendingMs: 150,
    defaultErrorComponent: ({ error, reset }) => (
      <Failed title="This page cannot be shown" error={error} onRetry={reset} />
    ),
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
}

export type AppRouter = ReturnType<typeof createAppRouter>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
