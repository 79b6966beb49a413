"""The two endpoints as FastAPI and SQLAlchemy are meant to be used: async, a pool, prepared statements, typed answers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query
from pydantic import BaseModel
from sqlalchemy import DateTime, Interval, distinct, func, literal, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(
    os.environ["BENCH_POSTGRES_URL"],
    pool_size=int(os.environ["BENCH_POOL"]),
    max_overflow=0,
    isolation_level="AUTOCOMMIT",  # one statement a request: BEGIN and ROLLBACK would be two more round trips
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class UserActivity(Base):
    __tablename__ = "user_activity"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    action: Mapped[str]
    event_timestamp: Mapped[datetime]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ActiveUsers(BaseModel):
    active_users: int


class Event(BaseModel):
    id: int
    action: str
    event_timestamp: datetime
    details: dict[str, Any]


class Page(BaseModel):
    data: list[Event]
    next: int | None


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]
app = FastAPI()


@app.get("/api/active-users")
async def active_users(
    session: Session, days: Annotated[int, Query(ge=1, le=3650)] = 30
) -> ActiveUsers:
    now = func.timezone("utc", func.now(), type_=DateTime)
    since = now - literal(float(days)) * literal_column("interval '24 hours'", Interval)
    counted = select(func.count(distinct(UserActivity.user_id))).where(
        UserActivity.event_timestamp > since, UserActivity.event_timestamp <= now
    )
    return ActiveUsers(active_users=await session.scalar(counted) or 0)


@app.get("/api/users/{user_id}/activity")
async def user_activity(
    session: Session,
    user_id: Annotated[int, Path(ge=-(2**31), lt=2**31)],
    action: Annotated[str | None, Query(max_length=50)] = None,
    before: datetime | None = None,
    before_id: int | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page:
    columns = (
        UserActivity.id,
        UserActivity.action,
        UserActivity.event_timestamp,
        UserActivity.details,
    )
    asked = select(*columns).where(UserActivity.user_id == user_id)
    if action is not None:
        asked = asked.where(UserActivity.action == action)
    if before is not None and before_id is not None:
        place = tuple_(UserActivity.event_timestamp, UserActivity.id)
        asked = asked.where(place < tuple_(before, before_id))
    newest = (UserActivity.event_timestamp.desc(), UserActivity.id.desc())
    rows = (await session.execute(asked.order_by(*newest).limit(limit + 1))).all()
    events = [
        Event(id=row.id, action=row.action, event_timestamp=row.event_timestamp, details=row.details)
        for row in rows[:limit]
    ]
    return Page(data=events, next=events[-1].id if len(rows) > limit else None)
