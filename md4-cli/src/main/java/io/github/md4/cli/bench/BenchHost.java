// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.report.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * The machine and the software of a measurement.
 *
 * @param device the device in the form of {@code --device}
 * @param hardware the name of the processor; empty where the system does not tell it
 */
record BenchHost(String device, String hardware) {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Path GPUS = Path.of("/proc/driver/nvidia/gpus");
  private static final String COMMIT = "Implementation-Commit";

  static BenchHost of(Device device) throws IOException {
    return new BenchHost(DeviceChoice.name(device), device.isGpu() ? gpu() : processor());
  }

  /** Returns the device, the versions, and the commit where the jar's manifest has it. */
  ObjectNode json() {
    ObjectNode json = Json.object().put("device", device);
    if (!hardware.isEmpty()) {
      json.put("hardware", hardware);
    }
    json.put("djl", Engine.getDjlVersion())
        .put("pytorch", Engine.getInstance().getVersion())
        .put("java", Runtime.version().toString());
    commit(BenchHost.class.getResource("BenchHost.class"))
        .ifPresent(commit -> json.put("commit", commit));
    return json;
  }

  @Override
  public String toString() {
    return hardware.isEmpty() ? device : device + " (" + hardware + ")";
  }

  private static String processor() throws IOException {
    return Files.isReadable(PROCESSORS) ? value(PROCESSORS, "model name").orElse("") : "";
  }

  /**
   * Returns the name of the GPUs; empty where they differ, since the system does not tell which is
   * used.
   */
  private static String gpu() throws IOException {
    if (!Files.isDirectory(GPUS)) {
      return "";
    }
    List<Path> gpus;
    try (Stream<Path> folders = Files.list(GPUS)) {
      gpus = folders.toList();
    }
    String name = "";
    for (Path folder : gpus) {
      String found = value(folder.resolve("information"), "Model").orElse("");
      if (!name.isEmpty() && !found.equals(name)) {
        return "";
      }
      name = found;
    }
    return name;
  }

  /** Returns the value behind {@code key:} in the first such line. */
  private static Optional<String> value(Path file, String key) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(key) && line.contains(":"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    }
  }

  /** Returns the commit in the manifest of a class's jar; empty where that has none. */
  static Optional<String> commit(URL classFile) {
    if (classFile == null || !classFile.getProtocol().equals("jar")) {
      return Optional.empty();
    }
    String jar = classFile.toString();
    String manifest = jar.substring(0, jar.indexOf('!') + 1) + "/META-INF/MANIFEST.MF";
    try (InputStream in = new URL(manifest).openStream()) {
      return Optional.ofNullable(new Manifest(in).getMainAttributes().getValue(COMMIT))
          .filter(commit -> !commit.isBlank()); // as where git refuses to tell it
    } catch (IOException e) {
      throw new UncheckedIOException(manifest, e);
    }
  }
}
