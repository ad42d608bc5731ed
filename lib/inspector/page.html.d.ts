/**
 * The inspector's page: one HTML text with one `<style>` and one `<script type="module">`, to be allowed by their hashes.
 * Its icon is a `data:` URL. `npm run build` writes this module from `page/`; this declaration stands in for it before.
 */
export declare const PAGE: string;
