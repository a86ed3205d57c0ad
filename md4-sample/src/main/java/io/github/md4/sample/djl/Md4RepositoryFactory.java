// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.repository.LocalRepository;
import ai.djl.repository.Metadata;
import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import ai.djl.repository.SimpleRepository;
import ai.djl.util.JsonUtils;
import com.google.gson.JsonParseException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The factory that tells DJL's {@code Criteria} which engine and which translators a run,
 * checkpoint or model folder of this library needs, so that {@code optModelPath} alone loads it.
 * Engine and translators that a Criteria names itself go before those. DJL finds the factory on the
 * class path (docs/djl.md).
 *
 * <p>DJL has one factory for all paths of the machine; a path that is none of those three is opened
 * as DJL 0.29 opens it: a folder with a {@code metadata.json} of a repository below it is that
 * repository, any other folder or archive is one model.
 */
public final class Md4RepositoryFactory implements RepositoryFactory {
  private static final String METADATA = "metadata.json";

  /** Makes the factory, as ServiceLoader does. */
  public Md4RepositoryFactory() {}

  @Override
  public Set<String> getSupportedScheme() {
    return Set.of("file");
  }

  /**
   * {@return a repository of one model, or of the models below a path}
   *
   * @param name any name; it is shown in DJL's messages alone
   * @param uri a path of this machine, as {@code file:} or without a scheme
   */
  @Override
  public Repository newInstance(String name, URI uri) {
    Path path = path(uri);
    if (isModel(path)) {
      return new ModelRepository(name, uri, path);
    }
    return isRepository(path) ? new Models(name, path) : new SingleModel(name, uri, path);
  }

  private static Path path(URI uri) {
    boolean isPlain = uri.getPath() != null; // else as "file:models/a", relative
    return isPlain && uri.getScheme() != null
        ? Path.of(URI.create("file://" + uri.getRawPath()))
        : Path.of(isPlain ? uri.getPath() : uri.getSchemeSpecificPart());
  }

  private static boolean isModel(Path path) {
    try {
      // A folder of checkpoints may be another program's.
      return SavedModel.isIn(ModelFolder.find(path, Weights.EMA));
    } catch (InvalidDataException | IOException | UncheckedIOException e) {
      return false; // whoever opens it says what is wrong with it
    }
  }

  private static boolean isRepository(Path path) {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(path)) {
      return files.anyMatch(file -> !path.equals(file.getParent()) && isMetadata(file));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private static boolean isMetadata(Path file) {
    if (!file.endsWith(METADATA) || !Files.isRegularFile(file)) {
      return false;
    }
    try (Reader reader = Files.newBufferedReader(file)) {
      Metadata metadata = JsonUtils.GSON.fromJson(reader, Metadata.class);
      return metadata.getMetadataVersion() != null && metadata.getArtifacts() != null;
    } catch (IOException | JsonParseException e) {
      return false;
    }
  }

  /** A model of this library. */
  private static final class ModelRepository extends SimpleRepository {
    ModelRepository(String name, URI uri, Path path) {
      super(name, uri, path);
      arguments.putIfAbsent("engine", Md4Engine.NAME);
      arguments.putIfAbsent("translatorFactory", Md4TranslatorFactory.class.getName());
    }
  }

  /** Any other model. */
  private static final class SingleModel extends SimpleRepository {
    SingleModel(String name, URI uri, Path path) {
      super(name, uri, path);
    }
  }

  /** A repository of models, as DJL writes them. */
  private static final class Models extends LocalRepository {
    Models(String name, Path path) {
      super(name, path.toUri(), path);
    }
  }
}
