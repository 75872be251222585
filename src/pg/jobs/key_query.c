/*
 * Running a statement over the user's query for its keys alone.
 *
 * The planner drops columns of a subquery that nobody asks for, unless they
 * call a volatile function, and functions are volatile when nobody says
 * otherwise.  An image that is decoded or assembled by such a function must not
 * be computed to list the keys of a cohort, so image and mask are replaced by
 * NULL before planning.
 */
#include "compat.h"

#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/plancache.h"

#include "jobs/cohort.h"

/* Is a column of a range table entry mentioned? */
typedef struct ColumnSearch
{
	int			relation;
	AttrNumber	column;
} ColumnSearch;

static bool drop_scans(Node *node, void *context);
static void drop_column(Query *query, TargetEntry *entry);
static bool mentions_column(Node *node, ColumnSearch *search);

void
radpg_run_without_scans(const char *statement)
{
	SPIPlanPtr	plan = SPI_prepare(statement, 0, NULL);
	CachedPlanSource *source;

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement, SPI_result_code_string(SPI_result));
	source = linitial(SPI_plan_get_plan_sources(plan));
	(void) drop_scans((Node *) source->query_list, NULL);
	if (SPI_execute_plan(plan, NULL, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list the keys of the cohort");
}

/* In every subquery that is called as the user's is. */
static bool
drop_scans(Node *node, void *context)
{
	ListCell   *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, drop_scans, context);
	foreach(cell, ((Query *) node)->rtable)
	{
		RangeTblEntry *relation = lfirst_node(RangeTblEntry, cell);
		ListCell   *column;

		if (relation->rtekind != RTE_SUBQUERY || relation->alias == NULL ||
			strcmp(relation->alias->aliasname, RADPG_QUERY_ALIAS) != 0)
			continue;
		foreach(column, relation->subquery->targetList)
		{
			TargetEntry *entry = lfirst_node(TargetEntry, column);

			if (!entry->resjunk && (strcmp(entry->resname, "image") == 0 ||
									strcmp(entry->resname, "mask") == 0))
				drop_column(relation->subquery, entry);
		}
	}
	return query_tree_walker((Query *) node, drop_scans, context, 0);
}

/*
 * Make a column NULL where that changes no row, and follow it into a subquery
 * or view that it comes from, when nothing else there uses it.
 */
static void
drop_column(Query *query, TargetEntry *entry)
{
	Node	   *expression = (Node *) entry->expr;
	Var		   *column = (Var *) expression;
	RangeTblEntry *relation;
	ColumnSearch search;

	if (query->setOperations != NULL || entry->ressortgroupref != 0 ||
		expression_returns_set(expression))
		return;
	entry->expr = (Expr *) makeNullConst(exprType(expression), exprTypmod(expression),
										 exprCollation(expression));
	if (!IsA(expression, Var) || column->varlevelsup != 0 || column->varattno <= 0)
		return;
	relation = list_nth_node(RangeTblEntry, query->rtable, column->varno - 1);
	search.relation = column->varno;
	search.column = column->varattno;
	if (relation->rtekind == RTE_SUBQUERY &&
		!query_tree_walker(query, mentions_column, &search, 0))
		drop_column(relation->subquery,
					list_nth_node(TargetEntry, relation->subquery->targetList, column->varattno - 1));
}

/* Also true for a whole row, and for what a subquery inside may mean by it. */
static bool
mentions_column(Node *node, ColumnSearch *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *column = (Var *) node;

		return column->varno == search->relation &&
			(column->varattno == search->column || column->varattno == 0);
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, mentions_column, search, 0);
	return expression_tree_walker(node, mentions_column, search);
}
