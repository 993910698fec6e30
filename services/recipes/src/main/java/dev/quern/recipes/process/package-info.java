/**
 * What the processes of the service have in common: how they begin and how they are asked whether they are well. JDK
 * only.
 */
@NullMarked
package dev.quern.recipes.process;

import org.jspecify.annotations.NullMarked;
