// Copies the pictures that the survey names, and no others, from OpenMoji into api/static/pictures, without their editor's ids.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { parse } from "yaml";

const to = "../static/pictures";
const pictures = parse(readFileSync("../../forms/surveys/big_ask/pictures.yaml", "utf8"), { schema: "failsafe" });
mkdirSync(to, { recursive: true });
for (const file of readdirSync(to)) if (file.endsWith(".svg")) rmSync(`${to}/${file}`);
for (const [name, hexcode] of Object.entries(pictures)) {
  const svg = readFileSync(`node_modules/openmoji/color/svg/${hexcode}.svg`, "utf8");
  writeFileSync(`${to}/${name}.svg`, svg.replace(/ id="[^"]*"/g, "").replace(/<g\/>\s*/g, "").replace(/\n\s*/g, ""));
}
console.log(`${Object.keys(pictures).length} pictures`);
