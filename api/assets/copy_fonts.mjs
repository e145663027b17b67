// Copies the typeface and its licence from the package into api/static/fonts.
import { copyFileSync, mkdirSync } from "node:fs";

const from = "node_modules/@fontsource/atkinson-hyperlegible-next";
const to = "../static/fonts";
mkdirSync(to, { recursive: true });
for (const weight of [400, 700]) {
  for (const part of ["latin", "latin-ext"]) {
    const name = `atkinson-hyperlegible-next-${part}-${weight}-normal.woff2`;
    copyFileSync(`${from}/files/${name}`, `${to}/${name}`);
  }
}
copyFileSync(`${from}/LICENSE`, `${to}/LICENSE.txt`);
