/** What the REST API answers, shared by the server and the command line. */
@NullMarked
package dev.quern.recipes.view;

import org.jspecify.annotations.NullMarked;
