import { Anchor, Code } from "@mantine/core";
import type { ReactNode } from "react";
import { platform } from "../../platform";

/** A web page that opens outside of the app. */
export function ExternalLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Anchor
      component="button"
      type="button"
      size="sm"
      inherit
      underline="always"
      style={{ textAlign: "left", overflowWrap: "anywhere" }}
      onClick={() => void platform().openExternal(href)}
    >
      {children}
    </Anchor>
  );
}

/** A web address without what belongs to the sentence around it. */
const PARTS = /(`[^`]+`|https:\/\/[^\s`]*[^\s`.,;:!?)\]}'"])/;

/** A sentence of the engine's in which `` `code` `` is code, and web addresses can be followed. */
export function Linked({ children }: { children: string }) {
  return children.split(PARTS).map((part, index) => {
    const key = `${index} ${part}`;
    if (part.startsWith("https://")) {
      return (
        <ExternalLink key={key} href={part}>
          {part}
        </ExternalLink>
      );
    }
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) {
      return (
        <Code key={key} fz={12}>
          {part.slice(1, -1)}
        </Code>
      );
    }
    return part;
  });
}
