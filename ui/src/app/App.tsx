/** Everything that stands around the pages: theme, cache, dialogs, the engine's state, the router. */
import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { usePreference } from "../shared/state/preferences";
import { EngineGate } from "./EngineGate";
import { createQueryClient } from "./queryClient";
import { createAppRouter } from "./router";
import { theme, variables } from "./theme";

export function App({ nonce }: { nonce: string | undefined }) {
  const scheme = usePreference("colorScheme");
  const [client] = useState(createQueryClient);
  const [router] = useState(() => createAppRouter(client));
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      {...(scheme === "auto" ? {} : { forceColorScheme: scheme })}
      {...(nonce ? { getStyleNonce: () => nonce } : {})}
    >
      <QueryClientProvider client={client}>
        <ModalsProvider>
          <Notifications position="bottom-right" limit={4} transitionDuration={100} />
          <EngineGate>
            <RouterProvider router={router} />
          </EngineGate>
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
