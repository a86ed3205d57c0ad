// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The rule that what the Javadoc shows of core, train and sample names no internal type: a public
 * signature that has one is {@code @hidden} there. Checked on the syntax of the main sources.
 */
@Tag("exact")
final class ApiTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Pattern INTERNAL =
      Pattern.compile("io\\.github\\.md4\\.(\\w+\\.)+internal\\..*");

  @Test
  void signatures_nameNoInternalTypeUnlessHidden() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> leaks = new ArrayList<>();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(sources()));
      DocTrees docs = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        Set<String> internal = internalNames(unit);
        if (!internal.isEmpty()) {
          new Signatures(docs, internal, leaks).scan(unit, false);
        }
      }
    }
    assertThat(leaks).isEmpty();
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("md4-core", "md4-train", "md4-sample")) {
      try (Stream<Path> all = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        all.filter(file -> file.toString().endsWith(".java"))
            .filter(file -> !file.toString().contains("/internal/"))
            .forEach(sources::add);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
    assertThat(sources).hasSizeGreaterThan(300);
    return sources;
  }

  private static Set<String> internalNames(CompilationUnitTree unit) {
    Set<String> names = new HashSet<>();
    for (ImportTree each : unit.getImports()) {
      String name = each.getQualifiedIdentifier().toString();
      if (INTERNAL.matcher(name).matches()) {
        names.add(name.substring(name.lastIndexOf('.') + 1));
      }
    }
    return names;
  }

  /** A walk over the declarations that callers see; the argument is whether they see this one. */
  private static final class Signatures extends TreePathScanner<Void, Boolean> {
    private final DocTrees docs;
    private final Set<String> internal;
    private final List<String> leaks;
    private boolean isInInterface;

    Signatures(DocTrees docs, Set<String> internal, List<String> leaks) {
      this.docs = docs;
      this.internal = internal;
      this.leaks = leaks;
    }

    @Override
    public Void visitClass(ClassTree type, Boolean isOuterSeen) {
      boolean isTop = getCurrentPath().getParentPath().getLeaf() instanceof CompilationUnitTree;
      boolean isSeen = (isTop || isOuterSeen) && isPublic(type.getModifiers().getFlags());
      if (!isSeen || isHidden()) {
        return null;
      }
      boolean wasInInterface = isInInterface;
      isInInterface = type.getKind() == Tree.Kind.INTERFACE;
      if (type.getKind() == Tree.Kind.RECORD) {
        for (Tree member : type.getMembers()) {
          if (member instanceof VariableTree field
              && !field.getModifiers().getFlags().contains(Modifier.STATIC)) {
            check(field.getType(), type.getSimpleName() + "." + field.getName());
          }
        }
      }
      for (Tree parent : type.getImplementsClause()) {
        check(parent, type.getSimpleName() + " implements");
      }
      super.visitClass(type, true);
      isInInterface = wasInInterface;
      return null;
    }

    @Override
    public Void visitMethod(MethodTree method, Boolean isSeen) {
      if (isSeen && isPublic(method.getModifiers().getFlags()) && !isHidden()) {
        String name = method.getName() + "(" + method.getParameters() + ")";
        check(method.getReturnType(), name);
        method.getParameters().forEach(parameter -> check(parameter.getType(), name));
      }
      return null; // bodies may name what they like
    }

    private boolean isPublic(Set<Modifier> flags) {
      boolean isPrivate = flags.contains(Modifier.PRIVATE);
      return flags.contains(Modifier.PUBLIC)
          || flags.contains(Modifier.PROTECTED)
          || (isInInterface && !isPrivate);
    }

    private boolean isHidden() {
      String comment = docs.getDocComment(getCurrentPath());
      return comment != null && comment.contains("@hidden");
    }

    private void check(Tree signature, String where) {
      new TreeScanner<Void, Void>() {
        @Override
        public Void visitIdentifier(IdentifierTree name, Void unused) {
          if (internal.contains(name.getName().toString())) {
            leaks.add(where + " names " + name);
          }
          return null;
        }
      }.scan(signature, null);
    }
  }
}
