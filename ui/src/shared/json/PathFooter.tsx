import { Button } from "@mantine/core";
import { copy } from "../state/copy";
import classes from "./Json.module.css";

interface PathFooterProps {
  /** What is shown: the line under the pointer, or else the cursor's. */
  path: string;
  /** The path and the value of the cursor's line: what the buttons copy. */
  copiedPath: string;
  value: () => string;
}

/** Under a JSON view: where one is. */
export function PathFooter({ path, copiedPath, value }: PathFooterProps) {
  return (
    <div className={classes.footer}>
      <span className={classes.path} title={path}>
        {path}
      </span>
      <Button variant="subtle" size="compact-xs" onClick={() => void copy(copiedPath, `path ${copiedPath}`)}>
        Copy path
      </Button>
      <Button variant="subtle" size="compact-xs" onClick={() => void copy(value(), `value of ${copiedPath}`)}>
        Copy value
      </Button>
    </div>
  );
}
