/** Mantine's buttons and links as links of the router, with typed addresses. */
import {
  ActionIcon,
  type ActionIconProps,
  Anchor,
  type AnchorProps,
  Button,
  type ButtonProps,
  Menu,
  type MenuItemProps,
} from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentPropsWithRef } from "react";

/** What the router gives an element of its own, beside what the component takes. */
type AsAnchor<Props> = Props & Omit<ComponentPropsWithRef<"a">, keyof Props>;

/** Looks like a button, leads to an address. */
export const ButtonLink = createLink((props: AsAnchor<ButtonProps>) => <Button component="a" {...props} />);

/** Needs an `aria-label`. */
export const ActionIconLink = createLink((props: AsAnchor<ActionIconProps>) => (
  <ActionIcon component="a" {...props} />
));

export const TextLink = createLink((props: AsAnchor<AnchorProps>) => <Anchor {...props} />);

export const MenuItemLink = createLink((props: AsAnchor<MenuItemProps>) => (
  <Menu.Item component="a" {...props} />
));
