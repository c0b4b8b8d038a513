/** Renders components as the app does, over a host whose engine is a function. */
import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createQueryClient } from "../app/queryClient";
import { theme, variables } from "../app/theme";
import { setPlatformForTests } from "../platform";
import { type Platform, preferenceDefaults } from "../platform/types";

/** What the engine answers: a body (200), `[status, body]`, or a function of the request. */
export type Answers = Record<string, unknown | ((request: Request) => unknown | Promise<unknown>)>;

export interface FakeHost extends Platform {
  /** Every request so far, as `METHOD /path?query`. */
  readonly requests: string[];
  /** Bodies of the requests that had one, parsed. */
  readonly bodies: unknown[];
  /** Texts that were copied. */
  readonly copied: string[];
}

/** A host that answers from `answers`, keyed by `METHOD /path` without the query; anything else is a 404. */
export function fakeHost(answers: Answers): FakeHost {
  const requests: string[] = [];
  const bodies: unknown[] = [];
  const copied: string[] = [];
  return {
    kind: "browser",
    requests,
    bodies,
    copied,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      requests.push(`${request.method} ${pathname}${search}`);
      if (request.body) bodies.push(await request.clone().json());
      const answer = answers[`${request.method} ${pathname}`];
      const value = typeof answer === "function" ? await answer(request) : answer;
      const [status, body] = Array.isArray(value)
        ? (value as [number, unknown])
        : [value === undefined ? 404 : 200, value];
      const text = JSON.stringify(
        body ?? { error: { code: "not_found", message: `no answer for ${request.method} ${pathname}` } },
      );
      return new Response(status === 204 ? null : text, {
        status,
        headers: { "content-type": "application/json" },
      });
    },
    changes: () => () => {},
    copyText: async (text) => void copied.push(text),
    saveText: async () => true,
    openExternal: async () => {},
    preferences: { load: async () => preferenceDefaults, set: async () => {} },
    onCommand: () => () => {},
    engine: {
      watch(listener) {
        listener({ state: "running" });
        return () => {};
      },
      retry: async () => {},
    },
    painted: () => {},
  };
}

/** Renders with everything around it; `path` is where the router stands (links to anywhere work). */
export function renderApp(content: ReactNode, host: Platform, path = "/") {
  setPlatformForTests(host);
  const root = createRootRoute();
  const page = createRoute({ getParentRoute: () => root, path: "$", component: () => content });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({ initialEntries: [path] }),
  });
  const client = createQueryClient();
  const rendered = render(
    <MantineProvider theme={theme} cssVariablesResolver={variables} env="test">
      <QueryClientProvider client={client}>
        <ModalsProvider>
          <RouterProvider router={router as never} />
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...rendered, client, router };
}
