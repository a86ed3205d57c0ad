// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.LibtorchFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A cuBLASLt library: libtorch's own, or one that the user names by the environment variable {@code
 * MD4_CUBLASLT} or the system property {@code md4.cublasLt}, which comes first.
 *
 * <p>A named library is loaded beside libtorch's, which keeps its own.
 */
public final class CublasLtLibrary {
  static final String VARIABLE = "MD4_CUBLASLT";
  static final String PROPERTY = "md4.cublasLt";

  private static final String LIBTORCHS = "libcublasLt(-\\w+)?\\.so\\.\\d+";

  /** RTLD_LAZY, RTLD_LOCAL and RTLD_DEEPBIND: its symbols stay apart from those of libtorch's. */
  private static final int APART = 0x1 | 0x8;

  private static final int OLDEST = 12_00_00;

  final Function create;
  final Function destroy;
  final Function createPreference;
  final Function destroyPreference;
  final Function setPreference;
  final Function createProduct;
  final Function destroyProduct;
  final Function setProduct;
  final Function createLayout;
  final Function destroyLayout;
  final Function setLayout;
  final Function propose;
  final Function multiply;

  private final String name;
  private final long version;

  private CublasLtLibrary(String name, NativeLibrary library) {
    this.name = name;
    this.create = library.getFunction("cublasLtCreate");
    this.destroy = library.getFunction("cublasLtDestroy");
    this.createPreference = library.getFunction("cublasLtMatmulPreferenceCreate");
    this.destroyPreference = library.getFunction("cublasLtMatmulPreferenceDestroy");
    this.setPreference = library.getFunction("cublasLtMatmulPreferenceSetAttribute");
    this.createProduct = library.getFunction("cublasLtMatmulDescCreate");
    this.destroyProduct = library.getFunction("cublasLtMatmulDescDestroy");
    this.setProduct = library.getFunction("cublasLtMatmulDescSetAttribute");
    this.createLayout = library.getFunction("cublasLtMatrixLayoutCreate");
    this.destroyLayout = library.getFunction("cublasLtMatrixLayoutDestroy");
    this.setLayout = library.getFunction("cublasLtMatrixLayoutSetAttribute");
    this.propose = library.getFunction("cublasLtMatmulAlgoGetHeuristic");
    this.multiply = library.getFunction("cublasLtMatmul");
    this.version = library.getFunction("cublasLtGetVersion").invokeLong(new Object[0]);
  }

  /**
   * Returns the libraries whose algorithms training may choose from: libtorch's own where it came
   * with one, then the named one.
   *
   * @throws DeviceException if a library is named and cannot be used
   */
  static List<CublasLtLibrary> all() {
    List<CublasLtLibrary> all = new ArrayList<>();
    libtorchs().ifPresent(all::add);
    named().ifPresent(all::add);
    return all;
  }

  /** Returns the library in libtorch's folder; empty where libtorch came without it. */
  static Optional<CublasLtLibrary> libtorchs() {
    try {
      return LibtorchFolder.load(LIBTORCHS)
          .map(library -> new CublasLtLibrary("libtorch's", library));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the library that the user names; empty where none is named.
   *
   * @throws DeviceException if it cannot be used; the message is one line
   */
  public static Optional<CublasLtLibrary> named() {
    String property = System.getProperty(PROPERTY);
    return property == null ? named(VARIABLE, System.getenv(VARIABLE)) : named(PROPERTY, property);
  }

  /**
   * Returns the library at a path; empty where the path is absent or blank.
   *
   * @param setting the name of what the user has set
   */
  static Optional<CublasLtLibrary> named(String setting, String path) {
    if (path == null || path.isBlank()) {
      return Optional.empty();
    }
    CublasLtLibrary library;
    try {
      library =
          new CublasLtLibrary(
              path, NativeLibrary.getInstance(path, Map.of(Library.OPTION_OPEN_FLAGS, APART)));
    } catch (UnsatisfiedLinkError e) {
      String first = e.getMessage().lines().findFirst().orElse("");
      throw new DeviceException(
          "%s names %s, which is no cuBLASLt that can be used (%s)"
              .formatted(setting, path, first));
    }
    if (library.version < OLDEST) {
      throw new DeviceException(
          "%s names %s, which is %s; %s or later is needed"
              .formatted(setting, path, version(library.version), version(OLDEST)));
    }
    return Optional.of(library);
  }

  /** Returns a phrase with the version, such as "cuBLASLt 13.0.2 (/opt/libcublasLt.so.13)". */
  public String description() {
    return "%s (%s)".formatted(version(version), name);
  }

  /**
   * Returns a phrase with the libraries whose products training on a Hopper GPU chooses from; empty
   * where there are none.
   *
   * @throws DeviceException if a library is named and cannot be used
   */
  public static String descriptions() {
    return String.join(" or ", all().stream().map(CublasLtLibrary::description).toList());
  }

  private static String version(long number) {
    return "cuBLASLt %d.%d.%d".formatted(number / 10_000, number / 100 % 100, number % 100);
  }
}
