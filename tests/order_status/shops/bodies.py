"""Bodies of the senders' real shape, made up by us: the same order and the same parcel, as each of them tells it."""

from typing import Any

Json = dict[str, Any]

BIG = 820982911946154508  # does not survive a float
NUMBER = "6300 1234-5678 90a"  # as a person types it
PLAIN_NUMBER = "630012345678 90A".replace(" ", "")


def shopify_order(updated_at: str = "2026-11-20T09:20:00-05:00", **more: Any) -> Json:
    """14:12 UTC is when it was placed; the offset is a shop's in New York."""
    return {
        "id": BIG,
        "name": "#1001",
        "order_number": 1001,
        "created_at": "2026-11-20T04:12:00-05:00",
        "processed_at": "2026-11-20T04:12:00-05:00",
        "updated_at": updated_at,
        "cancelled_at": None,
        "currency": "PLN",
        "total_price": "141.00",
        "customer_locale": "pl",
        "email": "shopper@example.com",
        "contact_email": "shopper@example.com",
        "phone": None,
        "test": False,
        "financial_status": "paid",
        "fulfillment_status": None,
        "order_status_url": "https://shop.example/orders/1001",
        "customer": {"id": 115310627314723954, "first_name": "Demo", "last_name": "Customer", "email": "shopper@example.com"},
        "line_items": [{"id": 866550311766439020, "product_id": 632910392, "name": "Lamp", "quantity": 1, "price": "129.00"}],
        "fulfillments": [],
        "refunds": [],
        **more,
    }


def shopify_fulfillment(**more: Any) -> Json:
    return {
        "id": 4000000000000000001,
        "order_id": BIG,
        "status": "success",
        "created_at": "2026-11-20T04:40:00-05:00",
        "updated_at": "2026-11-20T04:40:00-05:00",
        "tracking_company": "InPost",
        "tracking_number": NUMBER,
        "tracking_numbers": [NUMBER],
        "tracking_url": "https://track.example/630",
        "shipment_status": None,
        "line_items": [{"id": 866550311766439020}],
        **more,
    }


def shopify_event(status: str = "in_transit", happened_at: str = "2026-11-20T04:50:00-05:00", **more: Any) -> Json:
    return {
        "id": 944956393,
        "fulfillment_id": 4000000000000000001,
        "order_id": BIG,
        "status": status,
        "message": "the carrier's words",
        "happened_at": happened_at,
        "created_at": happened_at,
        "city": "Łódź",
        "country": "PL",
        "estimated_delivery_at": None,
        **more,
    }


def shopify_refund(**more: Any) -> Json:
    return {
        "id": 890088186047892319,
        "order_id": BIG,
        "created_at": "2026-11-20T04:55:00-05:00",
        "processed_at": "2026-11-20T04:55:00-05:00",
        "refund_line_items": [{"id": 1, "quantity": 1, "subtotal": 12.0}],
        "transactions": [{"id": 5, "kind": "refund", "status": "success", "amount": "12.00", "currency": "PLN"}],
        **more,
    }


def woo_order(status: str = "processing", **more: Any) -> Json:
    """A shop whose clock says 10:12 when it is 09:12 in Greenwich."""
    return {
        "id": 727,
        "number": "W-727",
        "order_key": "wc_order_x1",
        "status": status,
        "currency": "PLN",
        "date_created": "2026-11-20T10:12:00",
        "date_created_gmt": "2026-11-20T09:12:00",
        "date_modified": "2026-11-20T10:30:00",
        "date_modified_gmt": "2026-11-20T09:30:00",
        "date_paid": "2026-11-20T10:13:00",
        "date_paid_gmt": "2026-11-20T09:13:00",
        "total": "141.00",
        "customer_id": 31,
        "billing": {"first_name": "Demo", "last_name": "Customer", "email": "shopper@example.com", "phone": "+48 600 000 000"},
        "line_items": [{"id": 315, "product_id": 93, "name": "Lamp &ndash; black", "quantity": 1, "price": 129, "image": {"src": ""}}],
        "meta_data": [],
        "refunds": [],
        **more,
    }


def woo_tracking(*numbers: str) -> list[Json]:
    """What the tracking extensions write into an order."""
    items = [
        {"tracking_id": f"t{place}", "tracking_provider": "inpost", "tracking_number": number, "date_shipped": "1795167000"}
        for place, number in enumerate(numbers)
    ]
    return [{"id": 1, "key": "_other", "value": "x"}, {"id": 2, "key": "_wc_shipment_tracking_items", "value": items}]


def saleor_order(status: str = "UNFULFILLED", updated_at: str = "2026-11-20T09:30:00+00:00", **more: Any) -> Json:
    """What our subscription query brings."""
    return {
        "__typename": "OrderUpdated",
        "issuedAt": updated_at,
        "order": {
            "id": "T3JkZXI6MQ==",
            "number": "1001",
            "created": "2026-11-20T09:12:00.461513+00:00",
            "updatedAt": updated_at,
            "status": status,
            "paymentStatus": "FULLY_CHARGED",
            "languageCodeEnum": "PL",
            "userEmail": "shopper@example.com",
            "user": {"id": "VXNlcjo3", "email": "shopper@example.com", "firstName": "Demo", "lastName": "Customer"},
            "total": {"gross": {"amount": 141.0, "currency": "PLN"}},
            "lines": [
                {
                    "id": "T3JkZXJMaW5lOjE=",
                    "productName": "Lamp",
                    "variantName": "black",
                    "quantity": 1,
                    "unitPrice": {"gross": {"amount": 129.0}},
                    "variant": {"product": {"id": "UHJvZHVjdDoz"}},
                }
            ],
            "fulfillments": [],
            "transactions": [],
            **more,
        },
    }


def saleor_fulfillment(status: str = "FULFILLED", **more: Any) -> Json:
    lines = [{"quantity": 1, "orderLine": {"id": "T3JkZXJMaW5lOjE="}}]
    made = {"id": "RnVsOjE=", "status": status, "created": "2026-11-20T09:40:00+00:00", "trackingNumber": NUMBER, "lines": lines}
    return {**made, **more}


def shopware_event(event: str = "checkout.order.placed", ident: str = "e1", at: str = "2026-11-20T09:13:00.000+00:00", **more: Any) -> Json:
    order = {
        "id": "0189f8c2f3a8710bbd1d6d4bd0c6b7aa",
        "orderNumber": "1001",
        "orderDateTime": "2026-11-20T09:12:00.000+00:00",
        "createdAt": "2026-11-20T09:12:00.120+00:00",
        "updatedAt": at,
        "amountTotal": 141.0,
        "currency": {"isoCode": "PLN"},
        "language": {"locale": {"code": "pl-PL"}},
        "stateMachineState": {"technicalName": "open"},
        "orderCustomer": {"customerId": "c7c7", "email": "shopper@example.com", "firstName": "Demo", "lastName": "Customer"},
        "lineItems": [{"id": "l1", "productId": "p3", "label": "Lamp", "quantity": 1, "unitPrice": 129.0, "type": "product"}],
        "deliveries": [],
        "transactions": [],
        **more,
    }
    source = {"url": "https://shop.example", "appVersion": "1.0.0", "shopId": "S1", "eventId": ident}
    return {"data": {"payload": {"order": order}, "event": event}, "source": source, "timestamp": 1795165980}


def shopware_delivery(state: str = "shipped", at: str = "2026-11-20T09:40:00.000+00:00", **more: Any) -> Json:
    named = {"stateMachineState": {"technicalName": state}, "shippingMethod": {"name": "InPost"}}
    return {"id": "d1", "trackingCodes": [NUMBER], "createdAt": "2026-11-20T09:12:00.120+00:00", "updatedAt": at, **named, **more}


def shopware_transaction(state: str = "paid", ident: str = "t1", at: str = "2026-11-20T09:12:30.000+00:00", **more: Any) -> Json:
    return {"id": ident, "stateMachineState": {"technicalName": state}, "createdAt": at, "amount": {"totalPrice": 141.0}, **more}


def aftership_update(*checkpoints: Json, tag: str = "InTransit", ident: str = "94dadd60", **more: Any) -> Json:
    message = {
        "tracking_number": PLAIN_NUMBER,
        "slug": "inpost",
        "tag": tag,
        "subtag_message": "In transit",
        "checkpoints": list(checkpoints),
    }
    return {"event": "tracking_update", "event_id": ident, "ts": 1795168200, "msg": {**message, **more}}


def checkpoint(tag: str, at: str, subtag: str = "", place: str | None = "Łódź") -> Json:
    return {"checkpoint_time": at, "tag": tag, "subtag": subtag, "city": place, "slug": "inpost", "message": "scanned"}


def easypost_event(*details: Json, status: str = "in_transit", ident: str = "evt_1", mode: str = "production", **more: Any) -> Json:
    tracker = {
        "id": "trk_1",
        "object": "Tracker",
        "mode": mode,
        "tracking_code": PLAIN_NUMBER,
        "status": status,
        "updated_at": "2026-11-20T09:50:00Z",
        "carrier": "InPost",
        "public_url": "https://track.example/e",
        "est_delivery_date": "2026-11-24T00:00:00Z",
        "tracking_details": list(details),
        **more,
    }
    event = {"id": ident, "object": "Event", "mode": mode, "description": "tracker.updated", "created_at": "2026-11-20T09:50:00Z"}
    return {**event, "result": tracker}


def detail(status: str, at: str, more: str = "unknown") -> Json:
    place = {"object": "TrackingLocation", "city": "Łódź", "country": "PL"}
    return {
        "object": "TrackingDetail",
        "status": status,
        "status_detail": more,
        "datetime": at,
        "message": "said",
        "tracking_location": place,
    }


def shippo_update(*history: Json, test: bool = False, **more: Any) -> Json:
    track = {
        "carrier": "inpost",
        "tracking_number": PLAIN_NUMBER,
        "eta": "2026-11-24T14:15:22Z",
        "tracking_status": history[-1] if history else None,
        "tracking_history": list(history),
        **more,
    }
    return {"event": "track_updated", "test": test, "data": track}


def shippo_status(status: str, at: str, code: str = "", action: bool = False) -> Json:
    substatus = {"code": code, "text": "said", "action_required": action} if code else None
    where = {"city": "Łódź", "country": "PL"}
    return {"status": status, "substatus": substatus, "status_date": at, "status_details": "said", "object_updated": at, "location": where}


def inpost_event(status: str = "sent_from_source_branch", at: str = "2026-11-20 10:45:00 +0100", **more: Any) -> Json:
    payload = {"shipment_id": 49, "status": status, "tracking_number": PLAIN_NUMBER, **more}
    return {"event_ts": at, "event": "shipment_status_changed", "organization_id": 1, "payload": payload}


def acp_order(kind: str = "order_update", **more: Any) -> Json:
    order = {
        "type": "order",
        "id": "ord_1",
        "order_number": "1001",
        "checkout_session_id": "cs_1",
        "permalink_url": "https://shop.example/orders/1",
        "status": "confirmed",
        "line_items": [{"id": "li_1", "title": "Lamp", "quantity": {"ordered": 1, "current": 1}, "unit_price": 12900}],
        "totals": [{"type": "subtotal", "amount": 12900}, {"type": "total", "amount": 14100}],
        **more,
    }
    return {"type": kind, "data": order}
