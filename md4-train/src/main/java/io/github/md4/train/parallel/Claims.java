// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import io.github.md4.core.internal.text.Counted;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A process's account of itself, which must fit those of the others before a job begins.
 *
 * @param place the process and its machine, in words
 * @param device the unique name of its GPU; empty on a CPU
 * @param version the version of the program, the same in all processes
 * @param config the resolved configuration, or the command's options, in lines; the same in all
 *     processes
 * @param data the hash of the data, and of the model that is read; the same in all processes
 */
public record Claims(String place, String device, String version, String config, String data) {
  /**
   * Checks that all are there.
   *
   * @param place the process and its machine, in words
   * @param device the unique name of its GPU; empty on a CPU
   * @param version the version of the program, the same in all processes
   * @param config the resolved configuration, or the command's options, in lines; the same in all
   *     processes
   * @param data the hash of the data, and of the model that is read; the same in all processes
   * @throws NullPointerException if one is null
   */
  public Claims {
    Objects.requireNonNull(place, "place");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(data, "data");
  }

  /**
   * {@return the claims of this process, without a GPU}
   *
   * @param version the version of the program, the same in all processes
   * @param config the resolved configuration in lines, the same in all processes
   * @param data the hash of the data, the same in all processes
   */
  public static Claims of(String version, String config, String data) {
    return new Claims(
        "process %d on %s".formatted(ProcessHandle.current().pid(), host()),
        "",
        version,
        config,
        data);
  }

  Claims withDevice(String name) {
    return new Claims(place, name, version, config, data);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "localhost";
    }
  }

  /** Returns the name of the process for messages. */
  String name(int rank) {
    return "rank %d (%s)".formatted(rank, place);
  }

  /**
   * Returns the first contradiction between the claims of a job, in the order of ranks.
   *
   * @param all with at least one
   */
  static Optional<JobFailure> contradiction(List<Claims> all) {
    Claims first = all.get(0);
    for (int rank = 1; rank < all.size(); rank++) {
      Claims other = all.get(rank);
      String name = other.name(rank);
      if (!other.version.equals(first.version)) {
        return failure(
            "%s runs %s, rank 0 runs %s".formatted(name, other.version, first.version),
            JobFailure.USAGE);
      }
      if (!other.config.equals(first.config)) {
        return failure(
            "%s has another configuration than rank 0: %s"
                .formatted(name, difference(other.config, first.config)),
            JobFailure.USAGE);
      }
      if (!other.data.equals(first.data)) {
        return failure(
            "%s reads other data, or another model, than rank 0 (SHA-256 %s, %s)"
                .formatted(name, start(other.data), start(first.data)),
            JobFailure.DATA);
      }
      if (other.device.isEmpty() != first.device.isEmpty()) {
        return failure(
            "%s runs on a %s, rank 0 on a %s; give each process a GPU, or none"
                .formatted(name, other.kind(), first.kind()),
            JobFailure.DEVICE);
      }
      for (int before = 0; before < rank; before++) {
        if (!other.device.isEmpty() && other.device.equals(all.get(before).device)) {
          return failure(
              "%s has the same GPU as rank %d; give each process its own (LOCAL_RANK chooses it)"
                  .formatted(name, before),
              JobFailure.DEVICE);
        }
      }
    }
    return Optional.empty();
  }

  private String kind() {
    return device.isEmpty() ? "CPU" : "GPU";
  }

  private static Optional<JobFailure> failure(String text, int code) {
    return Optional.of(new JobFailure(text, code, true));
  }

  private static String start(String hash) {
    return hash.length() > 12 ? hash.substring(0, 12) : hash;
  }

  private static String difference(String one, String other) {
    List<String> lines = one.lines().map(String::strip).toList();
    List<String> others = other.lines().map(String::strip).toList();
    for (int i = 0; i < Math.min(lines.size(), others.size()); i++) {
      if (!lines.get(i).equals(others.get(i))) {
        return "'%s', '%s'".formatted(lines.get(i), others.get(i));
      }
    }
    return "%s, %,d".formatted(Counted.of(lines.size(), "line"), others.size());
  }

  byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      for (String each : List.of(place, device, version, config, data)) {
        byte[] text = each.getBytes(StandardCharsets.UTF_8);
        out.writeInt(text.length);
        out.write(text);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * @throws IOException if it is something else
   */
  static Claims read(byte[] bytes) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      return new Claims(text(in), text(in), text(in), text(in), text(in));
    }
  }

  private static String text(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) {
      throw new IOException("not the claims of a process");
    }
    return new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }
}
