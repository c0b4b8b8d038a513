import { Code, Text } from "@mantine/core";
import type { KeyHelp } from "../../api/schema";
import { Prose } from "../ui/Prose";

/** Where a key is made, and what it has to be allowed. */
export function KeyNeeds({ help }: { help: KeyHelp }) {
  return (
    <Text size="xs" c="dimmed" component="div" style={{ overflowWrap: "anywhere" }}>
      <Prose>{help.help}</Prose>
      {help.permissions.length > 0 && (
        <>
          {" Needed permissions: "}
          {help.permissions.map((permission, index) => (
            <span key={permission}>
              {index > 0 && "; "}
              <Code fz={12}>{permission}</Code>
            </span>
          ))}
          .
        </>
      )}
    </Text>
  );
}
