// Merged by @jupyter/builder into its own configuration.
module.exports = {
  // Numbers by order of use: the default hashes the absolute path of the entry
  // into its number, so that two checkouts would build two different wheels.
  optimization: { moduleIds: 'natural' }
};
