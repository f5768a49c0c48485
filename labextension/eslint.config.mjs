import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['node_modules/', 'lib/', 'dist/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked
    ],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      // JupyterLab extensions group their command ids in a namespace.
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true }
      ],
      'max-lines': ['error', 250],
      'max-lines-per-function': ['error', 40]
    }
  },
  {
    files: ['tests/**/*.ts'],
    // A describe block is as long as its tests are many.
    rules: { 'max-lines-per-function': 'off' }
  }
);
