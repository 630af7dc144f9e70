"""The migrations make exactly the tables that the code uses, and nothing of anyone else's."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, inspect, text

from order_status import metadata, migrate


def compared(engine: Engine, wanted: MetaData) -> list[object]:
    with engine.connect() as conn:
        options = {
            "version_table": "order_status_version",
            "include_name": lambda name, kind, _parents: kind != "table" or name.startswith("order_"),
        }
        return list(compare_metadata(MigrationContext.configure(conn, opts=options), wanted))


def fresh(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path / 'shop.db'}")


def test_the_migrated_schema_is_the_metadata(tmp_path: Path) -> None:
    engine = fresh(tmp_path)
    with engine.begin() as conn:
        migrate(conn)
    assert compared(engine, metadata) == []
    planted = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(planted)
    Table("order_planted", planted, Column("n", Integer))
    planted.tables["order_orders"].append_column(Column("planted", Integer))
    assert len(compared(engine, planted)) == 2
    engine.dispose()


def test_every_table_is_ours_by_its_name(tmp_path: Path) -> None:
    engine = fresh(tmp_path)
    with engine.begin() as conn:
        migrate(conn)
    assert all(name.startswith("order_") for name in inspect(engine).get_table_names())
    engine.dispose()


def test_it_may_be_repeated_and_leaves_the_tables_of_other_rooms(tmp_path: Path) -> None:
    engine = fresh(tmp_path)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE messages (id INTEGER)"))
        conn.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        migrate(conn)
        migrate(conn)
    with engine.connect() as conn:  # without a transaction of the caller's it commits by itself
        migrate(conn)
        assert not conn.in_transaction()
    with engine.connect() as conn:
        assert conn.execute(text("SELECT version_num FROM order_status_version")).scalar_one() == "0007"
        assert conn.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 0
    engine.dispose()


def test_a_migration_that_is_rolled_back_leaves_nothing(tmp_path: Path) -> None:
    engine = fresh(tmp_path)
    with engine.connect() as conn:
        transaction = conn.begin()
        conn.exec_driver_sql("BEGIN")  # the driver alone would begin only at the first row
        migrate(conn)
        transaction.rollback()
    assert inspect(engine).get_table_names() == []
    engine.dispose()
