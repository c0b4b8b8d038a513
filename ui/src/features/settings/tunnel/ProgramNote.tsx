import { Text } from "@mantine/core";
import { Callout } from "../../../shared/ui/Callout";
import { ExternalLink } from "../../../shared/ui/Linked";
import { Status } from "../../../shared/ui/Status";

const PAGES: Record<string, { href: string; after: string }> = {
  cloudflared: {
    href: "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/downloads/",
    after: "No account and no login are needed.",
  },
  tailscale: {
    href: "https://tailscale.com/download",
    after: "Log in with it, and allow Funnel for this machine in Tailscale's admin console.",
  },
};

/** Whether the program is there that the chosen kind needs, and where to get it. */
export function ProgramNote({ name, found }: { name: string; found: boolean }) {
  const page = PAGES[name];
  return (
    <Callout tone={found ? "idle" : "wait"} role="note">
      <Status tone={found ? "ok" : "wait"}>{found ? `${name} was found` : `${name} was not found`}</Status>
      {found ? (
        <Text size="sm">Hookline starts it and stops it.</Text>
      ) : (
        <Text size="sm" component="div">
          Install it first, then press “Save and connect”.{" "}
          {page && <ExternalLink href={page.href}>How to install {name}</ExternalLink>}
        </Text>
      )}
      {page && <Text size="sm">{page.after}</Text>}
    </Callout>
  );
}
