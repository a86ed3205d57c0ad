// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.engine.Engine;
import ai.djl.util.Utils;
import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * The native libraries that DJL has unpacked into its cache, compared with the jars that they come
 * from. Loading one that is cut short ends the process without a word of ours.
 *
 * <p>The content is compared once after unpacking, by the CRC-32 that the jar has of it; a file
 * beside the libraries then says so. Later only size and time are looked at.
 */
public final class NativeLibraries {
  private static final String PROPERTIES = "native/lib/pytorch.properties";
  private static final String TOKENIZERS = "native/lib/tokenizers.properties";
  private static final String CHECKED = ".md4-checked";
  private static final int BUFFER_BYTES = 1 << 20;

  private NativeLibraries() {}

  /**
   * Checks the libraries of the engine and of tokenizers in DJL's cache; what is not there yet is
   * no error. To be called before the engine is first used, and the first tokenizer is made.
   *
   * @throws InvalidDataException if one is not what its jar holds
   * @throws UncheckedIOException if one cannot be read
   */
  public static void check() {
    ClassLoader jars = NativeLibraries.class.getClassLoader();
    try {
      check(Utils.getEngineCacheDir("pytorch"), jars, PROPERTIES);
      check(Utils.getEngineCacheDir("tokenizers"), jars, TOKENIZERS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As {@link #check()}, of the folders in {@code cache} and the jars of a class loader. */
  static void check(Path cache, ClassLoader jars) throws IOException {
    check(cache, jars, PROPERTIES);
    check(cache, jars, TOKENIZERS);
  }

  private static void check(Path cache, ClassLoader jars, String resource) throws IOException {
    for (URL url : Collections.list(jars.getResources(resource))) {
      Properties properties = new Properties();
      try (InputStream in = url.openStream()) {
        properties.load(in);
      }
      String version = properties.getProperty("version", "");
      String flavor = properties.getProperty("flavor", "cpu");
      String start = version + "-" + flavor + "-";
      for (Path folder : folders(cache, start)) {
        checkFolder(folder, new Packed(flavor, name(folder).substring(start.length()), jars));
      }
    }
  }

  /** Returns the folders of libraries of one version and flavor: VERSION-FLAVOR-SYSTEM. */
  private static List<Path> folders(Path cache, String start) throws IOException {
    if (!Files.isDirectory(cache)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(cache)) {
      return all.filter(each -> name(each).startsWith(start) && Files.isDirectory(each)).toList();
    }
  }

  private static void checkFolder(Path folder, Packed jar) throws IOException {
    Map<String, Path> unpacked = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.filter(Files::isRegularFile).forEach(file -> unpacked.put(name(file), file));
    }
    String stamp = stamp(unpacked);
    Path mark = folder.resolve(CHECKED);
    if (Files.isRegularFile(mark) && Files.readString(mark).equals(stamp)) {
      return;
    }
    boolean isOurs = false;
    for (Path file : unpacked.values()) {
      Optional<JarEntry> packed = jar.entry(name(file));
      isOurs |= packed.isPresent();
      if (packed.isPresent() && !isSame(file, packed.get())) {
        throw new InvalidDataException(
            file,
            "is not what was packed (%,d bytes of %,d): remove the folder %s, it is made anew"
                .formatted(Files.size(file), packed.get().getSize(), folder));
      }
    }
    if (isOurs && Files.isWritable(folder)) {
      Files.writeString(mark, stamp);
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static String stamp(Map<String, Path> files) throws IOException {
    StringBuilder stamp = new StringBuilder();
    for (Path file : files.values()) {
      if (!name(file).equals(CHECKED)) {
        stamp.append(
            "%s %d %s%n".formatted(name(file), Files.size(file), Files.getLastModifiedTime(file)));
      }
    }
    return stamp.toString();
  }

  /**
   * The libraries of a jar.
   *
   * @param flavor cpu, or a version of CUDA, such as cu121
   * @param system such as linux-x86_64
   * @param jars where the jar is, and that of DJL's own library
   */
  private record Packed(String flavor, String system, ClassLoader jars) {

    /** Returns the entry that a file was unpacked from, if there is one. */
    Optional<JarEntry> entry(String name) throws IOException {
      String ours = Engine.getDjlVersion() + "-";
      List<String> resources =
          name.startsWith(ours)
              ? List.of("jnilib/%s/%s/%s".formatted(system, flavor, name.substring(ours.length())))
              : List.of(
                  "pytorch/%s/%s/%s".formatted(flavor, system, name),
                  "native/lib/%s/%s/%s".formatted(system, flavor, name));
      for (String resource : resources) {
        URL url = jars.getResource(resource);
        if (url != null && url.openConnection() instanceof JarURLConnection jar) {
          return Optional.of(jar.getJarEntry());
        }
      }
      return Optional.empty();
    }
  }

  private static boolean isSame(Path file, JarEntry packed) throws IOException {
    if (Files.size(file) != packed.getSize()) {
      return false;
    }
    CRC32 crc = new CRC32();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        crc.update(buffer, 0, count);
      }
    }
    return crc.getValue() == packed.getCrc();
  }
}
