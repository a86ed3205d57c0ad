// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Parameters as float32 safetensors; several sets share a file under different prefixes. */
public final class ParameterFile {

  private ParameterFile() {}

  /**
   * Writes sets of parameters by prefix, one array at a time in the host's memory.
   *
   * @param file the safetensors file; messages name it
   * @param metadata texts to add, by key
   * @param setsByPrefix the sets, by what stands before their names; none is closed
   * @throws IOException if a file cannot be written
   */
  public static void write(
      Path file, Map<String, String> metadata, Map<String, Parameters> setsByPrefix)
      throws IOException {
    List<NamedTensor> tensors = new ArrayList<>();
    setsByPrefix.forEach(
        (prefix, parameters) ->
            parameters
                .byName()
                .forEach((name, array) -> tensors.add(tensor(prefix + name, array))));
    SafeTensors.write(file, metadata, tensors);
  }

  /**
   * Writes one set, without a prefix.
   *
   * @param file the safetensors file; messages name it
   * @param metadata texts to add, by key
   * @param parameters the arrays to be written, under their own names
   * @throws IOException if a file cannot be written
   */
  public static void write(Path file, Map<String, String> metadata, Parameters parameters)
      throws IOException {
    Map<String, Parameters> sets = new LinkedHashMap<>();
    sets.put("", parameters);
    write(file, metadata, sets);
  }

  /**
   * Writes arrays under their names, one at a time in the host's memory.
   *
   * @param file the safetensors file; messages name it
   * @param arrays float32, of any shape and device, by name; none is closed
   * @throws IOException if a file cannot be written
   */
  public static void writeArrays(Path file, Map<String, NDArray> arrays) throws IOException {
    List<NamedTensor> tensors = new ArrayList<>();
    arrays.forEach((name, array) -> tensors.add(tensor(name, array)));
    SafeTensors.write(file, Map.of(), tensors);
  }

  /**
   * {@return the set with the given prefix, float32, closed by the caller}
   *
   * @param file the safetensors file; messages name it
   * @param prefix what stands before the names of the set
   * @param parent the manager of the arrays, whose device is theirs
   * @param specs the names and shapes it must have
   * @throws InvalidDataException if the file is absent or damaged, holds other parameters, or a
   *     value is NaN or infinite
   * @throws IOException if a file cannot be read
   */
  public static Parameters read(
      Path file, String prefix, NDManager parent, List<ParameterSpec> specs) throws IOException {
    try (SafeTensors tensors = open(file, prefix, specs)) {
      return Parameters.read(parent, specs, source(tensors, prefix));
    }
  }

  /**
   * Opens a file and checks that it has the set with the given prefix.
   *
   * @throws InvalidDataException if the file is damaged or holds other parameters
   */
  static SafeTensors open(Path file, String prefix, List<ParameterSpec> specs) throws IOException {
    SafeTensors tensors = SafeTensors.open(file);
    try {
      for (ParameterSpec spec : specs) {
        check(tensors, prefix + spec.name(), spec);
      }
      checkIsAll(tensors, prefix, specs);
      return tensors;
    } catch (RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  /** Returns the values of a set in an open file. */
  static ParameterSource source(SafeTensors tensors, String prefix) {
    return (wanted, first, count) -> tensors.finiteValues(prefix + wanted.name(), first, count);
  }

  /** Checks that there is nothing more, such as a layer that the config leaves out. */
  private static void checkIsAll(SafeTensors tensors, String prefix, List<ParameterSpec> specs) {
    Set<String> known =
        specs.stream().map(spec -> prefix + spec.name()).collect(Collectors.toSet());
    String ofSchedule = prefix + GenMd4Parameter.PREFIX;
    for (String name : tensors.names()) {
      if (name.startsWith(prefix) && !name.startsWith(ofSchedule) && !known.contains(name)) {
        throw new InvalidDataException(
            tensors.path(),
            "has the parameter %s, which the network beside it has not: it is of another network"
                .formatted(name));
      }
    }
  }

  private static void check(SafeTensors tensors, String name, ParameterSpec spec) {
    if (!tensors.names().contains(name)) {
      throw new InvalidDataException(
          tensors.path(), "has no parameter " + name + ": it is of another network");
    }
    if (!tensors.shape(name).equals(spec.shape())) {
      throw new InvalidDataException(
          tensors.path(),
          "parameter %s must be %s, but is %s: it is of another network"
              .formatted(name, spec.shape(), tensors.shape(name)));
    }
  }

  private static NamedTensor tensor(String name, NDArray array) {
    return NamedTensor.floats(name, array.getShape(), () -> FloatBuffer.wrap(array.toFloatArray()));
  }
}
