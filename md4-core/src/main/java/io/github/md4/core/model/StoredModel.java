// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.network.ParameterSource;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A model as it lies in a folder of another program; its files are open until it is closed. A
 * {@link ModelLayout} opens it.
 */
public interface StoredModel extends AutoCloseable {

  /** {@return what it is, without its weights} */
  SavedModel.Description description();

  /** {@return the values of the network's parameters, readable until this is closed} */
  ParameterSource weights();

  /** {@return the file that stands for the weights in reports} */
  Path file();

  @Override
  void close() throws IOException;
}
