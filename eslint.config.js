import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "build/", "node_modules/", ".cache/", "examples/"] },
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.json", "./test/tsconfig.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // `await using _held = ...` holds something until the end of the block.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
      ],
      // AsyncDisposableStack type-checks but does not exist at run time in Node 20.
      "no-restricted-globals": [
        "error",
        { name: "AsyncDisposableStack", message: "Use CleanupStack from base." },
        { name: "DisposableStack", message: "Use CleanupStack from base." },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // node:test collects the promises of describe/it itself.
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
);
