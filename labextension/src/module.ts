/** The name and version that widget models and views are found by; axons_kernel/widget/module.py says the same. */
export const MODULE_NAME = 'axons-lab';
export const MODULE_VERSION = '0.1.0';

export const MODULE = {
  _model_module: MODULE_NAME,
  _model_module_version: MODULE_VERSION,
  _view_module: MODULE_NAME,
  _view_module_version: MODULE_VERSION
} as const;
