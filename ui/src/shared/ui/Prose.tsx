import { Code } from "@mantine/core";

/** A sentence of the engine's in which `` `whsec_…` `` stands for code. */
export function Prose({ children }: { children: string }) {
  return children.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no identity beside their place
      <Code key={index} fz={12}>
        {part}
      </Code>
    ) : (
      part
    ),
  );
}
